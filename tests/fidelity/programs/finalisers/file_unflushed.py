import atexit
file = open("out.txt", "w")
file.write("unflushed")
print("end")
