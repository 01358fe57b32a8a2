# a character that a field refused does not take the caret of the next field
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/geany pid=20
object 11 pid=10 role=text
object 14 pid=10 role=text
object 21 pid=20 role=password
object 22 pid=20 role=text
object 11 pid=10 role=text caret=none
focus 1
field 11
+1s press a
+20ms release a
+100ms press Tab
+20ms release Tab
field 14
caret 14
+1s type b
+5s type c
--
0 start
0 focus app=gedit
1000..2000 span unknown
2140 key_down letter code=48
2170 key_up letter code=48
7240 key_down letter code=46
7270 key_up letter code=46
