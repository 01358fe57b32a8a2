# screen and layout are rows
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
focus 1
field 11
+1s screen 800 600
layout German
+1s type a
--
0 start
0 focus app=gedit
1000 screen at=800,600
1000 layout text=German
2000 key_down letter code=30
2030 key_up letter code=30
