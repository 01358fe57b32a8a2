# a stay too short to be vouched for is masked
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
+10ms press a
+10ms focus 2
field 22
+1s type cd
--
0 start
0 focus app=gedit
10 key_down letter code=30
20 focus app=zenity
1020 key_down letter code=46
1050 key_up letter code=46
1120 key_down letter code=32
1150 key_up letter code=32
