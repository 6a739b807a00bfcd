"""How well are campaigns judged: their wording, and who cheats?"""
