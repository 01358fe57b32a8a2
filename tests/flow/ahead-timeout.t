# A field got the focus and does not say what it is: nothing typed around that leaves
study keys=code key_time=exact apps=id
window 1 exe=/usr/bin/editor pid=100

object 20 pid=100 role=text
object 22 pid=100 role=dead
consent given
focus 1
field 20
+2s type ab
+400ms into 22
type xyz
field 22
+1200ms object 22 role=password
+4s field 22
+4s motion 1 1
stop
--
0 start
0 focus app=editor
2000 key_down letter code=30
2030 key_up letter code=30
2100 key_down letter code=48
2130 key_up letter code=48
2130..13000 span password
13000 stop
