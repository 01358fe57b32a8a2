# told after the fact, with no look since the window came: all of it is masked
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/gimp pid=20
window 3 exe=/usr/bin/foot pid=30 terminal
window 4 exe=/usr/bin/keepassxc pid=40
object 11 pid=10 role=text
object 21 pid=20 role=text
loose on
focus 1
field 11
+1s sampling off
focus 3
type ab
focus 1
field 11
sampling on
+1s type c
--
0 start
0 focus app=gedit
1000..2000 span unknown
2000 focus app=gedit
2200 key_down letter code=46
2230 key_up letter code=46
