# the caret that moved because its window got the focus confirms no character: that one went to a field nobody told of
study keys=code key_time=exact apps=id
consent given
window 1 exe=/usr/bin/gedit pid=10
window 2 exe=/usr/bin/geany pid=20
object 11 pid=10 role=text
object 14 pid=10 role=text
object 21 pid=20 role=password
object 22 pid=20 role=text
focus 2
field 22
+1s focus 1
field 11
+1s focus 2
into 21
press x
+1ms caret 22
+1ms field 22
into 21
+30ms release x
+1s into 22
+4s type c
--
0 start
0 focus app=geany
1000 focus app=gedit
2000 focus app=geany
2000..3000 span unknown
7032 key_down letter code=46
7062 key_up letter code=46
