"""How does a page of ours lead from an advertisement to WeCom?"""
