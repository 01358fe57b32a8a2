# Tab into a password field, and the window is left before its application says so
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
object 11 pid=10 role=text
object 12 pid=10 role=password
object 22 pid=20 role=text
focus 1
field 11
+1s press a
+1ms release a
+700ms press Tab
+1ms release Tab
into 12
press x
+1ms release x
press BackSpace
+1ms release BackSpace
+20ms focus 2
field 22
+100ms field 12
field 22
+3s type ok
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1001 key_up letter code=30
1001..2000 span password
2000 focus app=zenity
4824 key_down letter code=24
4854 key_up letter code=24
4924 key_down letter code=37
4954 key_up letter code=37
