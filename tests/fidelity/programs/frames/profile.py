import cProfile, pstats, io
def work():
    return sum(range(100))
profile = cProfile.Profile()
profile.enable(); work(); profile.disable()
out = io.StringIO()
pstats.Stats(profile, stream=out).sort_stats("name").print_stats()
print([line.split()[-1] for line in out.getvalue().splitlines() if "main.py" in line])
import sys
seen = []
sys.setprofile(lambda frame, event, arg: seen.append((event, frame.f_code.co_name)))
work()
sys.setprofile(None)
print(seen)
