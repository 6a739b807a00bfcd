"""Which tags does what a customer says and does give?"""
