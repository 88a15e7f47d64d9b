import gettext, locale, string
print(gettext.gettext("hello"), locale.format_string("%d", 12345, grouping=True), locale.strcoll("a", "b"))
try:
    locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
except locale.Error as error:
    print(error)
print(locale.setlocale(locale.LC_ALL, ""))
