"""As much of XML Schema as `junit-10.xsd` uses: elements, sequences, choices, attributes, patterns."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

XS = "{http://www.w3.org/2001/XMLSchema}"


class Schema:
    """A schema read from a file; `faults` says what is wrong with a document."""

    def __init__(self, path: Path) -> None:
        root = ElementTree.parse(path).getroot()
        self._elements = {item.attrib["name"]: item for item in root.findall(f"{XS}element")}
        self._patterns = {
            item.attrib["name"]: item.find(f"{XS}restriction/{XS}pattern").attrib["value"]  # type: ignore[union-attr]
            for item in root.findall(f"{XS}simpleType")
        }

    def faults(self, element: ElementTree.Element) -> list[str]:
        """What in `element` and below it the schema does not allow."""
        declared = self._elements.get(element.tag)
        if declared is None:
            return [f"<{element.tag}> is not in the schema"]
        shape = declared.find(f"{XS}complexType")
        if shape is None:  # a plain string
            wrong = [*element.attrib, *(child.tag for child in element)]
            return [f"<{element.tag}> holds text alone, not {name}" for name in wrong]
        found = [*self._attribute_faults(element, shape)]
        allowed = {item.attrib["ref"] for item in shape.iter(f"{XS}element")}
        found += [f"<{child.tag}> inside <{element.tag}>" for child in element if child.tag not in allowed]
        if shape.get("mixed") != "true" and (element.text or "").strip():
            found.append(f"text inside <{element.tag}>")
        return found + [fault for child in element for fault in self.faults(child)]

    def _attribute_faults(self, element: ElementTree.Element, shape: ElementTree.Element) -> list[str]:
        declared = {item.attrib["name"]: item.attrib for item in shape.findall(f"{XS}attribute")}
        required = {name for name, item in declared.items() if item.get("use") == "required"}
        found = [f"{element.tag}@{name} is missing" for name in required - set(element.attrib)]
        for name, value in element.attrib.items():
            pattern = self._patterns.get(declared.get(name, {}).get("type", ""))
            if name not in declared:
                found.append(f"{element.tag}@{name} is not in the schema")
            elif pattern is not None and re.fullmatch(pattern, value) is None:
                found.append(f"{element.tag}@{name} is {value!r}")
        return found
