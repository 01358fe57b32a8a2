# told after the fact: what came since the last look at the focus may have gone to the new window
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
+1s sample
+1ms type cd
focus 1
field 11
sampling on
+1s type e
--
0 start
0 focus app=foot
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
2000..3000 span unknown
3000 focus app=gedit
3401 key_down letter code=18
3431 key_up letter code=18
