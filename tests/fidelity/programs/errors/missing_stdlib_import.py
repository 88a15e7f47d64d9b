print(time.sleep)
