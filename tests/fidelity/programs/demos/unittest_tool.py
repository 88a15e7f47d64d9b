import subprocess, sys, re
open("test_it.py", "w").write("import unittest\nclass T(unittest.TestCase):\n  def test_a(self): self.assertEqual(1, 2)\n")
done = subprocess.run([sys.executable, "-m", "unittest", "-v"], capture_output=True, text=True)
print(done.returncode, re.sub(r"in [\d.]+s", "", done.stderr))
