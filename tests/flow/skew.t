# the kernel's times under a display's: how they differ is told of what was kept alone
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
+1s skew 300us
type a
skew 700us
type b
skew none
type c
+1s lock on
skew 9ms
type dddd
+1s lock off
+11m type e
+1s stop
--
0 start
0 focus app=foot
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
1200 key_down letter code=46
1230 key_up letter code=46
2000..4000 span locked
663700 key_down letter code=18
663700 skew at=300,9000 by=2200,0.285714
663730 key_up letter code=18
664800 skew at=9000,9000 by=9000,0
664800 stop
