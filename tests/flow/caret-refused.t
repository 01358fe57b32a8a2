# a field takes digits only: letters that it refuses are not kept, the digits are
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/zenity pid=20
window 3 exe=/usr/bin/xterm pid=30 class=XTerm terminal
object 11 pid=10 role=text
object 12 pid=10 role=password
object 13 pid=10 role=other
object 14 pid=10 role=text
object 21 pid=20 role=password
object 22 pid=20 role=text
focus 1
field 11
+1s type 12
object 11 caret=none
press x
+30ms release x
+4s object 11 caret=2ms
type 34
--
0 start
0 focus app=gedit
1000 key_down digit code=2
1030 key_up digit code=2
1100 key_down digit code=3
1130 key_up digit code=3
1130..2000 span unknown
5230 key_down digit code=4
5260 key_up digit code=4
5330 key_down digit code=5
5360 key_up digit code=5
