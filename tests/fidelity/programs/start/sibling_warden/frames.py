value = "frames"
