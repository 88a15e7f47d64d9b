import locale, sys
print(locale.getlocale(), locale.setlocale(locale.LC_CTYPE), locale.localeconv()["decimal_point"])
print(sys.stdout.encoding, sys.stdout.errors, sys.getfilesystemencoding())
