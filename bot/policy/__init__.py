"""Which gates does an effect pass before it may reach the world, and who may be given what?"""
