"""A QTI package: its zip and its XML, so that no entity reaches beyond it."""

from __future__ import annotations

from lxml import etree

from cakap.itembank.errors import BadPackage
from cakap.ui import archives

INTERACTION = "[starts-with(local-name(), 'qti-') and contains(local-name(), '-interaction')]"


class Archive(archives.Archive):
    """The zip of a package, whose entries are XML and what it shows."""

    refusal = BadPackage
    expected = "paket QTI 3 (zip)"

    def parse(self, name: str) -> etree._Element:
        """An entry as XML without namespaces."""
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True,
            remove_pis=True, huge_tree=False,
        )  # fmt: skip
        try:
            root = etree.fromstring(self.read(name), parser)
        except etree.XMLSyntaxError as exc:
            message = f"{self.file}/{name}, baris {exc.lineno}: XML rusak ({exc.msg})."
            raise BadPackage(message) from exc
        if root.getroottree().docinfo.internalDTD is not None:
            message = f"{self.file}/{name}: XML dengan DOCTYPE tidak diterima."
            raise BadPackage(message)
        for node in root.iter(etree.Element):
            node.tag = etree.QName(node).localname
        etree.cleanup_namespaces(root)
        return root


def find(node: etree._Element, path: str) -> list[etree._Element]:
    """The elements of an XPath."""
    found = node.xpath(path)
    return (
        [one for one in found if isinstance(one, etree._Element)] if isinstance(found, list) else []
    )


def inner(node: etree._Element) -> str:
    """What stands inside an element, as markup."""
    whole = etree.tostring(node, encoding="unicode", method="html", with_tail=False)
    return whole[whole.index(">") + 1 : whole.rindex("</")].strip() if "</" in whole else ""
