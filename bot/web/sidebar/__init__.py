"""What do members see beside a chat in WeCom: the customer, the case, and what could be said?"""
