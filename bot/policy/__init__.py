"""Which gates does every effect pass before it may reach the world?"""
