import datetime, time, zoneinfo, calendar
d = datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.timezone.utc)
print(d + datetime.timedelta(days=365), d.isocalendar(), d.strftime("%A %d %B %Y %j %U"), datetime.date.fromisoformat("2024-12-30"))
try:
    print(d.astimezone(zoneinfo.ZoneInfo("Europe/Berlin")), len(zoneinfo.available_timezones()) > 0)
except zoneinfo.ZoneInfoNotFoundError as error:
    print(error)
print(zoneinfo.TZPATH)
print(calendar.month(2024, 2), time.gmtime(0), time.strptime("1 Jan 2020", "%d %b %Y"))
