# locked, says who reads the devices; logind has not heard of it: one is enough, and both must let go
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
+1s type a
+1s lock on devices
lock off
+1s type b
+2s lock on
lock off devices
+1s type c
+2s lock off
+1s type d
--
0 start
0 focus app=foot
1000 key_down letter code=30
1030 key_up letter code=30
2000..9000 span locked
9300 key_down letter code=32
9330 key_up letter code=32
