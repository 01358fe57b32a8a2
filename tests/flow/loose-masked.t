# told after the fact, of a place that is masked by now: what came before that, since the last look at the focus, may have gone to the new window
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
disagree on
+700ms tty 3 unknown
+500ms sampling off
focus 1
field 11
tty 3 echo
disagree off
sampling on
+1s type e
--
0 start
0 focus app=foot
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
2000..4000 span unknown
4000 focus app=gedit
4601 key_down letter code=18
4631 key_up letter code=18
