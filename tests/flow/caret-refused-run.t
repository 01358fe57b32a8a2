# a letter that is refused in the middle of a word takes the caret of the next one: the last key is what is lost
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
+1s type ab
object 11 caret=none
press x
+30ms release x
+70ms object 11 caret=2ms
type cd
+5s type e
--
0 start
0 focus app=gedit
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
1200 key_down letter code=45
1230 key_up letter code=45
1300 key_down letter code=46
1330 key_up letter code=46
1330..2000 span unknown
6500 key_down letter code=18
6530 key_up letter code=18
