"""Which gates does every effect pass, and who may be given a conversation?"""
