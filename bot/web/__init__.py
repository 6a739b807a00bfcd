"""What does Concierge answer over HTTP?"""
