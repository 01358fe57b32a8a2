# A dialog of the same process whose password field the bus does not know: the field left behind vouches for nothing
study keys=code key_time=exact apps=id
window 1 exe=/usr/bin/editor pid=100

window 2 exe=/usr/bin/editor pid=100
object 20 pid=100 role=text
consent given
focus 1
field 20
+2s type ab
# dialog with a password field that the bus does not know; 20 says it is not focused
+500ms focus 2
object 99 pid=777 role=text
field 99
+100ms type xyz
+100ms focus 1
field 20
+4s motion 1 1
--
0 start
0 focus app=editor
2000 key_down letter code=30
2030 key_up letter code=30
2100 key_down letter code=48
2130 key_up letter code=48
2700 focus app=editor
2700..3000 span unknown
3000..4000 span unknown
4000 focus app=editor
7200 motion at=1,1
