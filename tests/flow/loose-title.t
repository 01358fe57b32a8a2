# a new title is no change of the window: nothing is masked for it
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/gimp pid=20
window 3 exe=/usr/bin/foot pid=30 terminal
window 4 exe=/usr/bin/keepassxc pid=40
object 11 pid=10 role=text
object 21 pid=20 role=text
loose on
focus 3
+1s type ab
sampling off
+10ms type c
window 3 exe=/usr/bin/foot pid=30 terminal title=new
focus 3
sampling on
+1s type d
--
0 start
0 focus app=foot
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
1210 key_down letter code=46
1240 key_up letter code=46
2310 key_down letter code=32
2340 key_up letter code=32
