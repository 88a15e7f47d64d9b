import sqlite3
db = sqlite3.connect(":memory:")
db.execute("create table t (a integer primary key, b text)")
db.executemany("insert into t(b) values (?)", [("x",), ("y",), ("é",)])
print(db.execute("select count(*), max(b) from t").fetchall(), sqlite3.sqlite_version_info >= (3,))
file = sqlite3.connect("file.db"); file.execute("create table u (a)"); file.commit()
try:
    db.execute("selec 1")
except sqlite3.OperationalError as error:
    print(error)
