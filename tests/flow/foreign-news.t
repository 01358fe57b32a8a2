# The bus says that an object of another process has the focus: what follows is not vouched for by the old one
study keys=code key_time=exact apps=id
window 1 exe=/usr/bin/editor pid=100

window 3 exe=/usr/bin/other pid=300
object 20 pid=100 role=text
object 30 pid=300 role=text
object 55 pid=555 role=password
consent given
focus 1
field 20
+1s type ab
press Return
release Return
+1s field 55
+1s type xyz
+20ms focus 3
field 30
+4s motion 1 1
--
0 start
0 focus app=editor
1000 key_down letter code=30
1030 key_up letter code=30
1100 key_down letter code=48
1130 key_up letter code=48
1200 key_down enter code=28
1200 key_up enter code=28
3000..4000 span unknown
4000 focus app=other
7520 motion at=1,1
