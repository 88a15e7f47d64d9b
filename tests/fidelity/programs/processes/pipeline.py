from subprocess import Popen, PIPE
a = Popen(["printf", "b\\na\\nc\\n"], stdout=PIPE)
b = Popen(["sort"], stdin=a.stdout, stdout=PIPE)
a.stdout.close()
print(b.communicate(), a.wait(), b.returncode)
