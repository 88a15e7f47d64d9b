print("before")
quit()
