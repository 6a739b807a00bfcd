"""How is a chat model asked, and what if it lies, hangs or fails?"""
