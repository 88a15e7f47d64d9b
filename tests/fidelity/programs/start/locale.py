import locale, sys
print(locale.getlocale(), locale.setlocale(locale.LC_ALL), locale.getpreferredencoding(), locale.getencoding())
print(locale.nl_langinfo(locale.CODESET), locale.localeconv())
print(f"{1234567:n}", sorted("éaz", key=locale.strxfrm))
