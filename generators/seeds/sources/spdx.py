"""Licences' identifiers and what else they are called: data alone.

`PERMISSIVE` is the Blue Oak Council's list of permissive licences, version 15, with all its
ratings from model to lead (the list itself is under CC0-1.0), and three more on its last line: the
successor of Unicode-DFS-2016, one more form of a listed BSD licence, and "BSD" without its number
of clauses, whose forms are all listed. The Common Pile (arXiv 2506.05209) chose its code by the
same council's list.
"""

__all__ = ["ALIASES", "OTHERS", "PERMISSIVE", "SILENT"]

_PERMISSIVE = """
    BlueOak-1.0.0 BSD-2-Clause-Patent ADSL Apache-2.0 APAFML BSD-1-Clause BSD-2-Clause
    BSD-2-Clause-FreeBSD BSD-2-Clause-NetBSD BSD-2-Clause-Views BSL-1.0 DSDP ECL-1.0 ECL-2.0
    hdparm ImageMagick Intel-ACPI ISC Linux-OpenIB MIT MIT-Modern-Variant MIT-testregex MIT-Wu
    MS-PL MulanPSL-1.0 Mup PostgreSQL SHL-0.5 Spencer-99 UPL-1.0 Xerox Xfig

    0BSD AFL-1.1 AFL-1.2 AFL-2.0 AFL-2.1 AFL-3.0 AMDPLPA AML AMPAS ANTLR-PD ANTLR-PD-fallback
    Apache-1.0 Apache-1.1 Artistic-2.0 Bahyph Barr bcrypt-Solar-Designer BSD-3-Clause
    BSD-3-Clause-Attribution BSD-3-Clause-Clear BSD-3-Clause-HP BSD-3-Clause-LBNL
    BSD-3-Clause-Modification BSD-3-Clause-No-Nuclear-License-2014
    BSD-3-Clause-No-Nuclear-Warranty BSD-3-Clause-Open-MPI BSD-3-Clause-Sun BSD-4-Clause
    BSD-4-Clause-Shortened BSD-4-Clause-UC BSD-Source-Code bzip2-1.0.5 bzip2-1.0.6 CC0-1.0
    CFITSIO Clips CNRI-Jython CNRI-Python CNRI-Python-GPL-Compatible Cube curl eGenix Entessa
    FTL fwlw HPND-Fenneberg-Livingston HPND-sell-regexpr HTMLTIDY IBM-pibs ICU Info-ZIP Intel
    JasPer-2.0 Libpng libpng-2.0 libtiff LPPL-1.3c LZMA-SDK-9.22 MIT-0 MIT-advertising MIT-CMU
    MIT-enna MIT-feh MIT-open-group MITNFA MTLL MulanPSL-2.0 Multics Naumen NCSA Net-SNMP NetCDF
    NICTA-1.0 NIST-Software NTP OGL-Canada-2.0 OLDAP-2.0 OLDAP-2.0.1 OLDAP-2.1 OLDAP-2.2
    OLDAP-2.2.1 OLDAP-2.2.2 OLDAP-2.3 OLDAP-2.4 OLDAP-2.5 OLDAP-2.6 OLDAP-2.7 OLDAP-2.8 OML
    OpenSSL PHP-3.0 PHP-3.01 Plexus PSF-2.0 Python-2.0 Ruby Saxpath SGI-B-2.0 SMLNJ SunPro SWL
    Symlinks TCL TCP-wrappers UCAR Unicode-DFS-2015 Unicode-DFS-2016 UnixCrypt Unlicense VSL-1.0
    W3C X11 XFree86-1.1 xlock Xnet xpp Zlib zlib-acknowledgement ZPL-2.0 ZPL-2.1

    AAL Adobe-2006 Afmparse Artistic-1.0 Artistic-1.0-cl8 Artistic-1.0-Perl Beerware blessing
    Borceux BSD-2-Clause-Darwin CECILL-B check-cvs ClArtistic Condor-1.1 Crossword
    CrystalStacker diffmark DOC EFL-1.0 EFL-2.0 Fair FSFAP FSFUL FSFULLR Giftware GLWTPL HPND
    HPND-export-US IJG IJG-short Jam Kazlib Leptonica LPL-1.0 LPL-1.02 McPhee-slideshow MirOS
    mpich2 NAIST-2003 NASA-1.3 NBPL-1.0 Newsletr NLPL NRL NTP-0 OFFIS OGTSL OLDAP-1.1 OLDAP-1.2
    OLDAP-1.3 OLDAP-1.4 psutils python-ldap Qhull Rdisc RSA-MD snprintf Spencer-86 Spencer-94
    SSH-short TU-Berlin-1.0 TU-Berlin-2.0 Vim W3C-19980720 W3C-20150513 Wsuipa WTFPL xinetd
    XSkat Zed Zend-2.0 ZPL-1.1

    Unicode-3.0 BSD-3-Clause-No-Nuclear-License LicenseRef-BSD
"""
PERMISSIVE: tuple[str, ...] = tuple(_PERMISSIVE.split())
"""SPDX identifiers of the preset `permissive`."""

_OTHERS = """
    AGPL-1.0-only AGPL-1.0-or-later AGPL-3.0-only AGPL-3.0-or-later APSL-2.0 BUSL-1.1
    CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC-BY-NC-4.0 CC-BY-NC-SA-4.0
    CDDL-1.0 CDDL-1.1 CECILL-2.0 CECILL-2.1 CECILL-C CPAL-1.0 CPL-1.0
    EPL-1.0 EPL-2.0 EUPL-1.0 EUPL-1.1 EUPL-1.2 Elastic-2.0
    GFDL-1.1-only GFDL-1.2-only GFDL-1.3-only GFDL-1.3-or-later
    GPL-1.0-only GPL-1.0-or-later GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later
    IPL-1.0 LGPL-2.0-only LGPL-2.0-or-later LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only
    LGPL-3.0-or-later LPPL-1.0 MPL-1.0 MPL-1.1 MPL-2.0 MPL-2.0-no-copyleft-exception MS-RL
    Motosoto NGPL NOSL NPL-1.1 Nokia OFL-1.1 OSL-1.0 OSL-2.0 OSL-2.1 OSL-3.0 QPL-1.0 RPL-1.5
    RPSL-1.0 SISSL SPL-1.0 SSPL-1.0 Sleepycat Watcom-1.0
    LicenseRef-Proprietary LicenseRef-Public-Domain
"""
OTHERS: tuple[str, ...] = tuple(_OTHERS.split())
"""Other identifiers whose spelling is put right; one that is in neither list stands as it is."""

ALIASES: dict[str, str] = {
    # Families that name no version: the one that nearly all of their uses mean.
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache2": "Apache-2.0",
    "apache2.0": "Apache-2.0",
    "apache software": "Apache-2.0",
    "apache software 2.0": "Apache-2.0",
    "apache software 2": "Apache-2.0",
    "apache foundation 2.0": "Apache-2.0",
    "asl 2.0": "Apache-2.0",
    "asl 2": "Apache-2.0",
    "al 2.0": "Apache-2.0",
    "expat": "MIT",
    "mit expat": "MIT",
    "mit x11": "MIT",
    "mit mit": "MIT",
    "isc iscl": "ISC",
    "iscl": "ISC",
    "psf": "PSF-2.0",
    "psfl": "PSF-2.0",
    "psf 2": "PSF-2.0",
    "python": "PSF-2.0",
    "python software foundation": "PSF-2.0",
    "python software foundation 2": "PSF-2.0",
    "python software foundation 2.0": "PSF-2.0",
    # BSD by its number of clauses, its nicknames, or neither.
    "bsd": "LicenseRef-BSD",
    "bsd style": "LicenseRef-BSD",
    "bsd like": "LicenseRef-BSD",
    "bsd derived": "LicenseRef-BSD",
    "bsd 0 clause": "0BSD",
    "zero clause bsd": "0BSD",
    "zero clause bsd 0bsd": "0BSD",
    "bsd 2": "BSD-2-Clause",
    "2 clause bsd": "BSD-2-Clause",
    "bsd 2clause": "BSD-2-Clause",
    "two clause bsd": "BSD-2-Clause",
    "simplified bsd": "BSD-2-Clause",
    "bsd simplified": "BSD-2-Clause",
    "bsd 2 clause simplified": "BSD-2-Clause",
    "freebsd": "BSD-2-Clause",
    "bsd 3": "BSD-3-Clause",
    "bsd3": "BSD-3-Clause",
    "bsd2": "BSD-2-Clause",
    "3 clause bsd": "BSD-3-Clause",
    "bsd 3clause": "BSD-3-Clause",
    "three clause bsd": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "bsd new": "BSD-3-Clause",
    "modified bsd": "BSD-3-Clause",
    "revised bsd": "BSD-3-Clause",
    "bsd 3 clause new or revised": "BSD-3-Clause",
    "bsd 3 clause new": "BSD-3-Clause",
    "new bsd 3 clause": "BSD-3-Clause",
    "bsd 4": "BSD-4-Clause",
    "4 clause bsd": "BSD-4-Clause",
    # Other free licences.
    "academic free afl": "AFL-3.0",
    "artistic": "Artistic-1.0",
    "artistic 2": "Artistic-2.0",
    "attribution assurance": "AAL",
    "blue oak model blueoak 1.0.0": "BlueOak-1.0.0",
    "boost": "BSL-1.0",
    "boost software": "BSL-1.0",
    "boost software 1.0": "BSL-1.0",
    "boost software 1.0 bsl 1.0": "BSL-1.0",
    "cc0": "CC0-1.0",
    "cc0 1.0 universal": "CC0-1.0",
    "cc0 1.0 universal cc0 1.0 public domain dedication": "CC0-1.0",
    "cecill b free software agreement cecill b": "CECILL-B",
    "cecill c free software agreement cecill c": "CECILL-C",
    "cea cnrs inria logiciel libre 2.1 cecill 2.1": "CECILL-2.1",
    "cmu mit cmu": "MIT-CMU",
    "hpnd": "HPND",
    "pil": "MIT-CMU",
    "educational community 2.0 ecl 2.0": "ECL-2.0",
    "eiffel forum": "EFL-2.0",
    "eiffel forum efl": "EFL-2.0",
    "historical permission notice and disclaimer hpnd": "HPND",
    "historical permission notice and disclaimer": "HPND",
    "mit no attribution mit 0": "MIT-0",
    "mit no attribution": "MIT-0",
    "miros miros": "MirOS",
    "mulan permissive software 2 mulanpsl 2.0": "MulanPSL-2.0",
    "nasa open source agreement 1.3 nasa 1.3": "NASA-1.3",
    "python cnri python": "CNRI-Python",
    "unlicense unlicense": "Unlicense",
    "universal permissive upl": "UPL-1.0",
    "universal permissive 1.0": "UPL-1.0",
    "university of illinois ncsa open source": "NCSA",
    "vovida software 1.0": "VSL-1.0",
    "w3c": "W3C",
    "zlib libpng": "Zlib",
    "zope public": "ZPL-2.1",
    "zpl": "ZPL-2.1",
    "zpl 2.1": "ZPL-2.1",
    "public domain": "LicenseRef-Public-Domain",
    # Copyleft, and what is not free.
    "apple public source": "APSL-2.0",
    "common development and distribution 1.0 cddl 1.0": "CDDL-1.0",
    "common public": "CPL-1.0",
    "epl": "EPL-2.0",
    "eclipse public 1.0": "EPL-1.0",
    "eclipse public 1.0 epl 1.0": "EPL-1.0",
    "eclipse public 2.0": "EPL-2.0",
    "eclipse public 2.0 epl 2.0": "EPL-2.0",
    "european union public 1.0 eupl 1.0": "EUPL-1.0",
    "european union public 1.1 eupl 1.1": "EUPL-1.1",
    "european union public 1.2 eupl 1.2": "EUPL-1.2",
    "gnu free documentation fdl": "GFDL-1.3-or-later",
    "ibm public": "IPL-1.0",
    "motosoto": "Motosoto",
    "mpl": "MPL-2.0",
    "mpl 2": "MPL-2.0",
    "mozilla public": "MPL-2.0",
    "mozilla public 1.0 mpl": "MPL-1.0",
    "mozilla public 1.1": "MPL-1.1",
    "mozilla public 1.1 mpl 1.1": "MPL-1.1",
    "mozilla public 2.0": "MPL-2.0",
    "mozilla public 2.0 mpl 2.0": "MPL-2.0",
    "nethack general public": "NGPL",
    "netscape public npl": "NPL-1.1",
    "nokia open source": "Nokia",
    "open software 3.0 osl 3.0": "OSL-3.0",
    "qt public qpl": "QPL-1.0",
    "ricoh source code public": "RPSL-1.0",
    "sil open font 1.1 ofl 1.1": "OFL-1.1",
    "sil open font 1.1": "OFL-1.1",
    "sun public": "SPL-1.0",
    "proprietary": "LicenseRef-Proprietary",
    "other proprietary": "LicenseRef-Proprietary",
    "commercial": "LicenseRef-Proprietary",
    "all rights reserved": "LicenseRef-Proprietary",
    "unlicensed": "LicenseRef-Proprietary",
}
"""What licences are called besides their identifiers, folded as `licences` folds words. The GNU
licences, which are called everything, are recognised by their parts instead."""

SILENT: frozenset[str] = frozenset(
    {"", "unknown", "none", "noassertion", "no", "other", "n a", "null", "undefined"}
    | {"not specified", "osi approved", "dfsg approved", "open source", "free software"}
)
"""Words, folded, that say nothing of which licence it is."""
