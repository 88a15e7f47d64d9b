raise ValueError("\ud800 ☃")
