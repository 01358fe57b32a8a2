# what is open before the span's end on its grid is swallowed
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 21 pid=20 role=password
object 22 pid=20 role=text
focus 2
field 21
+1100ms focus 1
field 11
+100ms type a
+1s type b
--
0 start
0..2000 span password
2000 focus app=gedit
2300 key_down letter code=48
2330 key_up letter code=48
