import subprocess, sys
print(subprocess.run([sys.executable, "-m", "main"], capture_output=True, text=True) if __name__ == "__main__" and sys.argv == ["main.py"] else "inner " + sys.argv[0])
