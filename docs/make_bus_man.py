#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""make_bus_man.py XML...: the manual page of the interfaces on the bus, from their files: the comment before each
element is what it says. Fails where a member has none: nothing is public that is not described."""
import re, sys
import xml.etree.ElementTree as tree

HEAD = """.\\" SPDX-License-Identifier: GPL-2.0-only
.Dd November 28, 2026
.Dt ORG.CELLMGR1 5
.Os cellmgr
.Sh NAME
.Nm org.cellmgr1
.Nd interface of the cell manager on the system bus
.Sh DESCRIPTION
.Xr cellmgrd 8
has the name
.Li org.cellmgr1
on the system bus and is started by the first call.
Try
.Dl busctl introspect org.cellmgr1 /org/cellmgr1"""

TAIL = """.Sh FILES
.Bl -tag -width Ds
.It Pa /usr/share/dbus-1/interfaces/org.cellmgr1.*.xml
What this page is made from.
.It Pa /usr/share/polkit-1/actions/org.cellmgr1.policy
The actions that polkit is asked about.
.El
.Sh SEE ALSO
.Xr busctl 1 ,
.Xr cellctl 1 ,
.Xr cellmgrd 8 ,
.Xr polkit 8"""


def escaped(line):
    line = line.replace("\\", "\\e").replace("`", "\\(ga").replace("'", "\\(aq").replace("-", "\\-")
    return "\\&" + line if line.startswith(".") else line


def body(comment):
    """Paragraphs are filled; what is indented deeper than the first line stands as it is written."""
    lines = [line.rstrip() for line in comment.strip("\n").splitlines()]
    margin = min((len(line) - len(line.lstrip()) for line in lines if line), default=0)
    out, literal, gap = [], False, False
    for line in lines:
        line = line[margin:]
        if not line:
            gap = True
            continue
        if line.startswith(" ") != literal:
            out.append(".Bd -literal -offset indent" if not literal else ".Ed")
            literal, gap = not literal, False
        if gap:
            out.append("" if literal else ".Pp")
            gap = False
        out.append(escaped(line if not literal else line[2:]))
    return out + ([".Ed"] if literal else [])


def arguments(member, direction):
    return ", ".join(f"{a.get('type')} {a.get('name', '')}".strip() for a in member.findall("arg")
                     if direction is None or a.get("direction", "in") == direction)


def heading(member):
    name = member.get("name")
    if member.tag == "property":
        access = {"read": "", "readwrite": ", may be written"}[member.get("access")]
        return escaped(f"Property {name} ({member.get('type')}{access})")
    if member.tag == "signal":
        return escaped(f"Signal {name}({arguments(member, None)})")
    out = arguments(member, "out")
    return escaped(f"{name}({arguments(member, 'in')})") + (f" \\(-> {escaped(out)}" if out else "")


def page(path):
    root = tree.parse(path, tree.XMLParser(target=tree.TreeBuilder(insert_comments=True))).getroot()
    # What stands before the root element is not in the tree.
    head = re.findall(r"<!--(.*?)-->", open(path, encoding="utf-8").read().split("<node")[0], re.S)[-1]
    interface = root.find("interface")
    yield f".Sh {interface.get('name').rsplit('.', 1)[1].upper()}"
    yield from body(head)
    comment = None
    for member in interface:
        if member.tag is tree.Comment:
            comment = member.text
            continue
        if member.tag not in ("method", "property", "signal"):
            continue
        inside = next((child.text for child in member if child.tag is tree.Comment), None)
        text = comment or inside
        if not text:
            sys.exit(f"{path}: {member.tag} {member.get('name')} is not described")
        yield f".Ss {heading(member)}"
        yield from body(text)
        comment = None


print(HEAD)
for path in sys.argv[1:]:
    print("\n".join(page(path)))
print(TAIL)
