"""How well and how fast are words found that must not be said?"""
