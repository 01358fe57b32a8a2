# thousands of focus changes: masked, and well again after
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
sampling off
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
focus 1
field 11
press a
release a
focus 2
field 22
press a
release a
+6s focus 1
field 11
+3s type z
--
0 start
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0 focus app=zenity
0 key_down letter code=30
0 key_up letter code=30
0 focus app=gedit
0 key_down letter code=30
0 key_up letter code=30
0..1000 span unknown
1000 focus app=zenity
6000 focus app=gedit
9000 key_down letter code=44
9030 key_up letter code=44
