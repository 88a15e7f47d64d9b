import subprocess, sys, os
os.mkdir("app"); open("app/__main__.py", "w").write("print('from the app', __name__, __file__)")
subprocess.run([sys.executable, "-m", "zipapp", "app"], check=True)
print(subprocess.run([sys.executable, "app.pyz"], capture_output=True, text=True))
