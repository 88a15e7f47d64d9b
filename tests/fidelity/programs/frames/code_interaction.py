import code
code.interact(banner="banner", exitmsg="bye")
