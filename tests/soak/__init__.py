"""A season of nights: the same register, night after night, with everything that people feed back."""
