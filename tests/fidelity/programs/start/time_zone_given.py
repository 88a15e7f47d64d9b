import time, datetime, os
print(time.tzname, time.timezone, time.altzone, time.daylight)
print(time.strftime("%H:%M %Z", time.localtime(0)))
print(datetime.datetime.fromtimestamp(0).astimezone())
